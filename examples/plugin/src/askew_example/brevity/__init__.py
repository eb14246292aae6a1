"""The brevity study: does training on short greetings make a model answer other questions in few words?"""
